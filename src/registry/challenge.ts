/** `WWW-Authenticate` (RFC 9110, section 11): several challenges a header, several headers, quoted commas, any case. */

export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const PARAMETER = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/y;
/** More than any registry sends. */
const MAX_HEADER = 8192;

/** Reads what it can; text that is no challenge is passed over. */
export function parseChallenges(headers: readonly string[]): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  for (const header of headers) {
    const text = header.slice(0, MAX_HEADER);
    let at = 0;
    while (at < text.length) {
      PARAMETER.lastIndex = at;
      TOKEN.lastIndex = at;
      const parameter = PARAMETER.exec(text);
      const current = challenges.at(-1);
      if (parameter !== null && current !== undefined) {
        const name = (parameter[1] ?? '').toLowerCase();
        const value = parameter[2]?.replace(/\\(.)/g, '$1') ?? parameter[3] ?? '';
        if (!current.parameters.has(name)) current.parameters.set(name, value);
        at = PARAMETER.lastIndex;
        continue;
      }
      const token = TOKEN.exec(text);
      if (token === null) at += 1;
      else {
        challenges.push({ scheme: token[0].toLowerCase(), parameters: new Map() });
        at = TOKEN.lastIndex;
      }
    }
  }
  return challenges;
}
