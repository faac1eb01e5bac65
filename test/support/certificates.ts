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
  /** Signs one for `localhost` and 127.0.0.1, fit for servers and clients. */
  issue(name: string): Promise<Certificate>;
}

const openssl = (...args: string[]): Promise<string> => runChild({ command: 'openssl', args });
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Makes the authority `ca` in a directory; everything it issues lies there too. */
export async function createAuthority(directory: string): Promise<Authority> {
  const file = (name: string): string => join(directory, name);
  const own = { certificate: file('ca.crt'), key: file('ca.key') };
  await openssl('req', '-x509', ...KEY, '-days', '2', '-subj', '/CN=test CA', '-keyout', own.key, '-out', own.certificate);
  await writeFile(file('extensions'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  return {
    ...own,
    async issue(name) {
      const issued = { certificate: file(`${name}.crt`), key: file(`${name}.key`) };
      const request = file(`${name}.csr`);
      await openssl('req', ...KEY, '-subj', `/CN=${name}`, '-keyout', issued.key, '-out', request);
      const signer = ['-CA', own.certificate, '-CAkey', own.key, '-CAcreateserial'];
      await openssl('x509', '-req', '-in', request, ...signer, '-days', '2', '-extfile', file('extensions'), '-out', issued.certificate);
      return issued;
    },
  };
}
