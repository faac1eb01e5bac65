/**
 * Arguments that an existing file has for the programs ssh and scp, turned into settings. No program is started with
 * them: the gateway speaks SFTP itself.
 */
import { keyPath, quoted } from '../lib/json.js';
import type { Findings } from './findings.js';

export interface SshOptions {
  readonly port?: number;
  readonly key?: string;
  readonly username?: string;
  readonly knownHosts?: string;
}

const LETTERS: Readonly<Record<string, string>> = { p: 'port', P: 'port', i: 'identityfile', l: 'user' };

/** What is not understood, and what would weaken the check of host keys, is left out with a warning. */
export function translateSshOptions(args: readonly string[], at: string, findings: Findings): SshOptions {
  let options: SshOptions = {};
  for (let index = 0; index < args.length; index++) {
    const where = keyPath(at, index);
    const argument = args[index] ?? '';
    const [, letter = '', attached = ''] = /^-([A-Za-z0-9])(.*)$/s.exec(argument) ?? [];
    const next = args[index + 1];
    let value = attached.trim();
    if (value === '' && next !== undefined && !next.startsWith('-')) {
      value = next.trim();
      index++;
    }
    const [name, setting] = letter === 'o' ? namedOption(value) : [LETTERS[letter] ?? '', value];
    const known = setting === '' ? undefined : translate(name, setting, where, findings);
    if (known === undefined) findings.warning(where, `${quoted(argument)} is not understood and is left out`);
    // ssh takes the first value that it is given for an option.
    else options = { ...known, ...options };
  }
  return options;
}

/** `Port=22` or `Port 22`; names count without case. */
function namedOption(text: string): readonly [string, string] {
  const [, name = '', value = ''] = /^(\w+)(?:\s*=\s*|\s+)(.*)$/s.exec(text) ?? [];
  return [name.toLowerCase(), value.trim()];
}

function translate(name: string, value: string, at: string, findings: Findings): SshOptions | undefined {
  switch (name) {
    case 'port': {
      const port = /^\d{1,5}$/.test(value) ? Number(value) : 0;
      return port >= 1 && port <= 65_535 ? { port } : undefined;
    }
    case 'identityfile':
      return { key: value };
    case 'user':
      return { username: value };
    case 'userknownhostsfile':
      if (value !== '/dev/null' && value.toLowerCase() !== 'none') return { knownHosts: value };
      warnUnchecked(at, findings);
      return {};
    case 'stricthostkeychecking':
      if (value.toLowerCase() !== 'yes') warnUnchecked(at, findings);
      return {};
    default:
      return undefined;
  }
}

function warnUnchecked(at: string, findings: Findings): void {
  findings.warning(
    at,
    'is left out: host keys are always checked. Put the keys of the hosts into a file and name it in ssh.knownHosts',
  );
}
