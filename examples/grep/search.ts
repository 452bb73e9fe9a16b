import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { currentTask } from '../../src/worker/current-task.ts'

/** A line in which the pattern was found. */
export interface Match {
  readonly file: string
  readonly line: number
  readonly text: string
}

/** The lines of all files in a folder that match, one after the other; hidden folders and `node_modules` are left out. */
export async function* search(folder: string, pattern: string): AsyncGenerator<Match, void> {
  const { signal, progress } = currentTask()
  const expression = new RegExp(pattern)
  let files = 0
  for await (const file of filesIn(folder)) {
    files += 1
    progress({ completed: files })
    const lines = createInterface({ input: createReadStream(file, { signal }), crlfDelay: Number.POSITIVE_INFINITY })
    let line = 0
    for await (const text of lines) {
      line += 1
      if (expression.test(text)) yield { file, line, text: text.trim() }
    }
  }
}

async function* filesIn(folder: string): AsyncGenerator<string, void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesIn(path)
    else if (entry.isFile()) yield path
  }
}
