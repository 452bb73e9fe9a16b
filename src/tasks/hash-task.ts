import { requiredObject, string } from '../options.ts'
import { BaseTask, type TaskOptions } from '../runner/base-task.ts'
import type { TaskContext } from '../task/types.ts'

/** What a {@link HashTask} hashes: a text, or the bytes of a file. */
export type HashTaskOptions = TaskOptions &
  (
    | {
        /** Hashed as UTF-8. */
        readonly text: string
        readonly file?: never
      }
    | {
        /** The path of a file. */
        readonly file: string
        readonly text?: never
      }
  )

/** The SHA-256 hash of a text or of a file, in lower-case hexadecimal digits. */
export class HashTask extends BaseTask<string> {
  static readonly type = 'hash'

  readonly type = HashTask.type
  declare readonly text?: string
  declare readonly file?: string

  constructor(options: HashTaskOptions) {
    super(requiredObject('options', options))
    const { text, file } = options
    if ((text === undefined) === (file === undefined)) {
      throw new TypeError('a HashTask needs either a text or a file')
    }
    if (text !== undefined) this.text = string('text', text)
    if (file !== undefined) this.file = string('file', file)
  }

  async run({ signal }: TaskContext): Promise<string> {
    return this.file === undefined ? hashText(this.text as string) : hashFile(this.file, signal)
  }

  static fromJSON(options: HashTaskOptions): HashTask {
    return new HashTask(options)
  }
}

async function hashText(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Buffer.from(digest).toString('hex')
}

async function hashFile(path: string, signal: AbortSignal): Promise<string> {
  const [{ createReadStream }, { createHash }] = await Promise.all([import('node:fs'), import('node:crypto')])
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { signal })) hash.update(chunk)
  return hash.digest('hex')
}
