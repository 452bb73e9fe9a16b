/**
 * Looks for a pattern in all files of a folder, in a thread, and prints what it finds as it comes:
 *
 *     npm run example:grep -- <pattern> [folder] [--max <matches>] [--mode async|thread|process]
 *
 * With `--max` the loop is left at that many matches: the thread has stopped, and its file is closed, when it says so.
 * The thread is never more than 16 matches ahead of what is printed, so that `| head` and `| less` hold it up as well.
 */
import { relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { task } from '../../src/worker.ts'
import { search } from './search.ts'

const { values, positionals } = given()
const [pattern, folder = '.'] = positionals
if (pattern === undefined || !(Number(values.max) > 0) || !/^(async|thread|process)$/.test(values.mode)) refuse()

const module = new URL('./search.ts', import.meta.url)
const searching = task(search, { mode: values.mode as 'async' | 'thread' | 'process', module, maxWorkers: 1 })
const matches = searching(resolve(folder), pattern)
let found = 0
try {
  for await (const { file, line, text } of matches) {
    console.log(`${relative('.', file)}:${line}: ${text}`)
    found += 1
    if (found === Number(values.max)) break
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}
await searching.close()
const { progress, status } = matches.record()
console.error(`${found} found in ${progress?.completed ?? 0} files, ${status}`)
if (found === 0) process.exitCode ||= 1

function given() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { max: { type: 'string', default: 'Infinity' }, mode: { type: 'string', default: 'thread' } },
    })
  } catch (error) {
    refuse(`grep: ${(error as Error).message}`)
  }
}

function refuse(...reasons: readonly string[]): never {
  for (const reason of reasons) console.error(reason)
  console.error('usage: grep <pattern> [folder] [--max <matches>] [--mode async|thread|process]')
  process.exit(2)
}
