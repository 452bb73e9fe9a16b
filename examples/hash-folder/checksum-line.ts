const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r' }

/**
 * One line in the form that `sha256sum -c` accepts, the same bytes that `sha256sum` itself prints: a name with a
 * backslash, a line feed or a carriage return is escaped, and a backslash before the hash says so.
 *
 * Names are bytes, not text: as latin1 each byte is one character, so names that are no valid UTF-8 survive.
 */
export function checksumLine(hash: string, path: Buffer): Buffer {
  const name = path.toString('latin1')
  const escaped = name.replace(/[\\\n\r]/g, character => ESCAPES[character] ?? character)
  return Buffer.from(`${escaped === name ? '' : '\\'}${hash}  ${escaped}\n`, 'latin1')
}
