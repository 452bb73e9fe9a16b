const HIDDEN = '***'
/** Shorter ones would take words apart that have nothing to do with them, and are none. */
const SHORTEST = 4
const DEEPEST = 5
/** The options of drivers, and the parameters of URLs, whose values are secret. */
const SECRET = /pass|pw|secret|token|auth|credential|^(key|pfx|cert|sslkey|connectionString|url)$/i
/** What Redis repeats of a command that it does not know, and cuts anywhere. */
const REPEATED = /,? with args beginning with:.*/gs
/** Not of files, whose names stand in stacks. */
const USER_OF_URL = /(?<![\w+.-])((?!file:)[a-z][a-z\d+.-]*:\/\/)\S*@/gi
const ASSIGNED = /(\w*(?:pass|pw|secret|token)\w*\s*[=:]\s*)('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s'"&,;]+)/gi

/** Hides in a text what options keep secret, and what looks like it. */
export function hideSecrets(options: unknown): (text: string) => string {
  const secrets = [...new Set(secretsOf(options, DEEPEST).flatMap(forms))]
    .filter(secret => secret.length >= SHORTEST)
    .sort((a, b) => b.length - a.length)
  return text => {
    let shown = text.replace(REPEATED, '')
    for (const secret of secrets) shown = shown.replaceAll(secret, HIDDEN)
    return hideLikely(shown)
  }
}

/** Hides what looks like a secret. */
export function hideLikely(text: string): string {
  return text.replace(USER_OF_URL, `$1${HIDDEN}@`).replace(ASSIGNED, `$1${HIDDEN}`)
}

function secretsOf(options: unknown, depth: number): string[] {
  if (typeof options !== 'object' || options === null || depth === 0) return []
  return Object.entries(options).flatMap(([name, value]) => {
    if (SECRET.test(name) && (typeof value === 'string' || value instanceof Uint8Array)) {
      const text = typeof value === 'string' ? value : Buffer.from(value).toString()
      return [text, ...secretsOfUrl(text)]
    }
    return secretsOf(value, depth - 1)
  })
}

/** Also those in a text that only looks like a URL: the part before the last `@`. */
function secretsOfUrl(text: string): string[] {
  const [, userinfo = ''] = /^(?:[a-z][a-z\d+.-]*:\/\/)?(.*)@/is.exec(text) ?? []
  const parts = [userinfo, userinfo.slice(userinfo.indexOf(':') + 1)]
  if (!URL.canParse(text)) return parts
  const { password, searchParams } = new URL(text)
  return [...parts, password, ...[...searchParams].flatMap(([name, value]) => (SECRET.test(name) ? [value] : []))]
}

/** As it is, and as it stands or stood in a URL. */
function forms(secret: string): string[] {
  return [secret, encodeURIComponent(secret.toWellFormed()), decoded(secret)]
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
