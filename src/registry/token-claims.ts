/** What a bearer token says of itself, where it is a JWT of the distribution token specification: registries may use others. */
import { z } from 'zod';

const claims = z.object({
  access: z.array(z.object({ type: z.string(), name: z.string(), actions: z.array(z.string()) })),
});

/**
 * True when the token grants `pull` on a repository. The signature is not checked, so this is for tokens that have just
 * come from the service that grants them.
 *
 * @param scope `repository:<name>:pull`.
 */
export function saysItGrants(token: string, scope: string): boolean {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return claims.parse(payload).access.some(({ type, name, actions }) => actions.includes('pull') && `${type}:${name}:pull` === scope);
  } catch {
    return false;
  }
}
