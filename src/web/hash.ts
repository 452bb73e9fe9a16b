import type { HashInput } from '../builtin-tasks/sha256.ts'
import type { TaskContext } from '../task/types.ts'

/** In place of `src/builtin-tasks/hash-in-thread.ts`: what browsers have for it does not block either. */
export async function hashInThread(input: HashInput, { signal }: TaskContext): Promise<string> {
  if ('file' in input) throw new TypeError('a HashTask hashes a text here: there is no file system')
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(input.text))
  signal.throwIfAborted()
  return Array.from(new Uint8Array(hash), byte => byte.toString(16).padStart(2, '0')).join('')
}
