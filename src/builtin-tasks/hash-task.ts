import { type Known, requiredOptions, string } from '../base/options.ts'
import { BaseTask, TASK_OPTIONS, type TaskOptions } from '../runner/base-task.ts'
import type { TaskContext } from '../task/types.ts'
import { hashInThread } from './hash-in-thread.ts'

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

const HASH_TASK_OPTIONS: Known<HashTaskOptions> = { ...TASK_OPTIONS, text: true, file: true }

/**
 * The SHA-256 hash of a text or of a file, in lower-case hexadecimal digits, computed in a thread: the event loop stays
 * free, whatever the size, and a file takes no more memory than a piece of it.
 *
 * All tasks of the process share a few threads, at most four, which start with the first ones, let the process exit and
 * end when they have had nothing to do for ten seconds. Cancelling a task, or its timeout, ends its thread at once.
 *
 * It fails with the errors of the file system, as they are: `ENOENT`, `EISDIR`. A pipe can't be hashed, since nothing could
 * end the wait for its writer.
 */
export class HashTask extends BaseTask<string> {
  static readonly type = 'hash'

  readonly type = HashTask.type
  declare readonly text?: string
  declare readonly file?: string

  constructor(options: HashTaskOptions) {
    super(requiredOptions('options', options, HASH_TASK_OPTIONS))
    const { text, file } = options
    if ((text === undefined) === (file === undefined)) {
      throw new TypeError('a HashTask needs either a text or a file')
    }
    if (text !== undefined) this.text = string('text', text)
    if (file !== undefined) this.file = string('file', file)
  }

  async run(task: TaskContext): Promise<string> {
    const { text, file } = this
    return hashInThread(file === undefined ? { text: text as string } : { file }, task)
  }

  /** From what `JSON.stringify` made of one. */
  static fromJSON({ type: _, ...options }: HashTaskOptions & { readonly type?: string }): HashTask {
    return new HashTask(options)
  }
}
