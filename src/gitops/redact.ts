const userinfo = /([a-z][a-z0-9+.-]*:\/\/)([^\s/'"]+)@/gi;
const query = /([a-z][a-z0-9+.-]*:\/\/[^\s'"?#]+)\?[^\s'"]+/gi;

/**
 * The text without credentials: no user or password in any URL (`ssh://git@host` keeps its user, which is no secret),
 * and no query.
 */
export function redact(text: string): string {
  return text
    .replace(userinfo, (_, scheme: string, user: string) =>
      /ssh/i.test(scheme) && !user.includes(':') ? `${scheme}${user}@` : `${scheme}***@`,
    )
    .replace(query, '$1?***');
}
