const DEFAULT_DATABASE = 'imagegw';

/**
 * A MongoDB address that names its database: its own, else `database`, else `imagegw`. Undefined for text that is no
 * MongoDB address (connection string specification, `mongodb://` and `mongodb+srv://`).
 */
export function mongoUriWithDatabase(uri: string, database: string | undefined): string | undefined {
  const found = /^(mongodb(?:\+srv)?:\/\/[^/?\s]+)(?:\/([^/?\s]*))?(\?\S*)?$/.exec(uri);
  if (found === null) return undefined;
  const [, server = '', named = '', options = ''] = found;
  return `${server}/${named === '' ? encodeURIComponent(database ?? DEFAULT_DATABASE) : named}${options}`;
}
