/** A private authority for tests, and certificates that it has signed. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runChild } from '../../src/lib/child.js';

export interface Certificate {
  /** PEM files. */
  readonly certificate: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  /** Signs one for `localhost`, 127.0.0.1 and these names, fit for servers and clients. */
  issue(name: string, names?: readonly string[]): Promise<Certificate>;
}

const openssl = (...args: string[]): Promise<string> => runChild({ command: 'openssl', args });
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Makes the authority `ca` in a directory; everything it issues lies there too. */
export async function createAuthority(directory: string): Promise<Authority> {
  const file = (name: string): string => join(directory, name);
  const own = { certificate: file('ca.crt'), key: file('ca.key') };
  await openssl('req', '-x509', ...KEY, '-days', '2', '-subj', '/CN=test CA', '-keyout', own.key, '-out', own.certificate);
  return {
    ...own,
    async issue(name, names = []) {
      const issued = { certificate: file(`${name}.crt`), key: file(`${name}.key`) };
      const request = file(`${name}.csr`);
      const extensions = file(`${name}.extensions`);
      const alternatives = ['DNS:localhost', 'IP:127.0.0.1', ...names.map((one) => `DNS:${one}`)];
      await writeFile(extensions, `subjectAltName=${alternatives.join(',')}\n`);
      await openssl('req', ...KEY, '-subj', `/CN=${name}`, '-keyout', issued.key, '-out', request);
      const signer = ['-CA', own.certificate, '-CAkey', own.key, '-CAcreateserial'];
      await openssl('x509', '-req', '-in', request, ...signer, '-days', '2', '-extfile', extensions, '-out', issued.certificate);
      return issued;
    },
  };
}
