/** What is hashed: a text as UTF-8, or the bytes of a file. */
export type HashInput = { readonly text: string } | { readonly file: string }

/**
 * The SHA-256 hash in lower-case hexadecimal digits. Blocks until it is done; takes its input in pieces, so that a file of
 * any size fits, and so that the thread can be ended between two of them.
 *
 * Its source is sent to threads, so it needs nothing from outside itself. It gets what Node has in a way that no bundler
 * rewrites.
 */
export function sha256(input: HashInput): string {
  const { createHash } = process.getBuiltinModule('node:crypto')
  const { closeSync, constants, fstatSync, openSync, readSync } = process.getBuiltinModule('node:fs')
  const PIECE = 512 * 1024
  const hash = createHash('sha256')
  if ('text' in input) {
    const { text } = input
    for (let start = 0, end = PIECE; start < text.length; start = end, end += PIECE) {
      // The halves of a surrogate pair belong together.
      if ((text.codePointAt(end - 1) ?? 0) > 0xffff) end += 1
      hash.update(text.slice(start, end))
    }
    return hash.digest('hex')
  }
  // Else to open a pipe would be to wait for its writer, which nothing can end: neither this thread nor the process.
  const file = openSync(input.file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    if (fstatSync(file).isFIFO()) throw new TypeError(`a pipe can't be hashed: ${input.file}`)
    const buffer = Buffer.allocUnsafe(PIECE)
    for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer)) {
      hash.update(buffer.subarray(0, length))
    }
    return hash.digest('hex')
  } finally {
    closeSync(file)
  }
}
