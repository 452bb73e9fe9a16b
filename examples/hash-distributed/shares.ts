import { plural, size } from '../hash-folder/text.ts'
import type { FileHashedHere } from './tasks.ts'

/** Which worker has hashed how much. */
export class Shares {
  readonly #byWorker = new Map<number, { files: number; bytes: number }>()

  add({ worker, bytes }: FileHashedHere): void {
    const share = this.#byWorker.get(worker) ?? { files: 0, bytes: 0 }
    this.#byWorker.set(worker, { files: share.files + 1, bytes: share.bytes + bytes })
  }

  /** A line for each of them. */
  report(): string {
    const lines = [...this.#byWorker].map(
      ([worker, { files, bytes }]) => `worker ${worker} has hashed ${plural(files, 'file')}, ${size(bytes)}\n`,
    )
    return lines.join('')
  }
}
