import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { sqliteStore } from '../../src/sqlite.ts'
import { runs } from '../fuzz/runs.ts'

const SCRIPT = resolve(import.meta.dirname, '../fixtures/runner/until-killed.ts')
const KILLS = runs(20).numRuns

/** What the processes said: a line that was cut off by the kill does not count. */
function idsAfter(word: string, lines: readonly string[]): number[] {
  return lines.flatMap(line => (line.startsWith(`${word} `) ? [Number(line.slice(word.length + 1))] : []))
}

/** Runs to the end, or until what `until` waits for: it is handed a promise of the first accepted task. */
async function run(args: readonly string[], until?: (first: Promise<void>) => Promise<unknown>): Promise<string[]> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', SCRIPT, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  let output = ''
  const first = new Promise<void>(resolve => {
    child.stdout.on('data', chunk => {
      output += chunk
      if (output.includes('accepted ')) resolve()
    })
  })
  if (until !== undefined) {
    await Promise.race([until(first), ended])
    child.kill('SIGKILL')
  }
  const [exitCode] = await ended
  if (until === undefined) expect(exitCode).toBe(0)
  return output.slice(0, output.lastIndexOf('\n')).split('\n')
}

describe.skipIf(process.platform === 'win32' || !process.features.typescript)('killed without warning', () => {
  it(`loses no accepted task, and ends each exactly once in the records`, {
    timeout: 120_000 + KILLS * 5_000,
  }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'taskscope-crash-'))
    try {
      const [store, effects] = [join(folder, 'tasks.db'), join(folder, 'effects')]
      const accepted: number[] = []
      const done: number[] = []
      for (let kill = 0; kill < KILLS; kill++) {
        // Some while it starts and recovers, most while it runs: those after the first task they accept.
        const delay = Math.random() * 40
        const lines = await run([store, effects], first =>
          kill % 5 === 4 ? sleep(delay * 5) : first.then(() => sleep(delay)),
        )
        expect(lines.filter(line => line.startsWith('error'))).toEqual([])
        const [rerun, before] = [idsAfter('done', lines), new Set(done)]
        expect(rerun.filter(id => before.has(id))).toEqual([])
        done.push(...rerun)
        accepted.push(...idsAfter('accepted', lines))
      }
      done.push(...idsAfter('done', await run([store, effects, 'finish'])))

      const opened = sqliteStore(store)
      const { unfinished, ended } = await opened.open(Number.POSITIVE_INFINITY)
      await opened.close()
      expect(unfinished).toEqual([])
      expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(['done']))
      expect(new Set(ended.map(({ id }) => id)).size).toBe(ended.length)
      const kept = new Set(ended.map(({ id }) => id))
      expect(accepted.length).toBeGreaterThanOrEqual((KILLS * 4) / 5)
      expect(new Set(accepted).size).toBe(accepted.length)
      expect(accepted.filter(id => !kept.has(id))).toEqual([])
      expect(new Set(done).size).toBe(done.length)

      const ran = new Set((await readFile(effects, 'utf8')).split('\n').map(Number))
      expect(accepted.filter(id => !ran.has(id))).toEqual([])
      expect(ended.map(({ id, record }) => [id, JSON.parse(record).result])).toEqual(
        ended.map(({ id }) => [id, id * 2]),
      )
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
