import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { sqliteStore } from '../../src/sqlite.ts'
import { runs } from '../fuzz/runs.ts'
import { commandOf } from '../store/processes.ts'

const KEYS = 60
/** `npm run fuzz` has more of them. */
const KILLS = runs(4).numRuns

/** The lines of a process that runs to its end, or is killed so long after its first. */
async function run(args: readonly string[], killAfter?: number): Promise<string[]> {
  const [command = '', ...all] = commandOf('runner/keyed-until-killed', ...args)
  const child = spawn(command, all, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  let output = ''
  const first = new Promise<void>(resolve => {
    child.stdout.on('data', chunk => {
      output += chunk
      resolve()
    })
  })
  if (killAfter !== undefined) {
    // Once all is done there is nothing to say, and the process waits for its end all the same.
    await Promise.race([first, sleep(1_000), ended])
    await sleep(killAfter)
    child.kill('SIGKILL')
  }
  const [exitCode] = await ended
  if (killAfter === undefined) expect(exitCode).toBe(0)
  return output.slice(0, output.lastIndexOf('\n')).split('\n')
}

describe.skipIf(process.platform === 'win32' || !process.features.typescript)('keys over kills without warning', () => {
  it('have one task each that is done, and none runs again that was', {
    timeout: 120_000 + KILLS * 5_000,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'taskscope-keys-'))
    try {
      const [store, effects] = [join(folder, 'tasks.db'), join(folder, 'effects')]
      const done: string[] = []
      for (let kill = 0; kill < KILLS; kill++) {
        const lines = await run([store, effects], Math.random() * 60)
        expect(lines.filter(line => line.startsWith('error'))).toEqual([])
        done.push(...lines.filter(line => line.startsWith('done ')))
        expect(new Set(done).size).toBe(done.length)
      }
      done.push(...(await run([store, effects, 'finish'])).filter(line => line.startsWith('done ')))
      expect(new Set(done).size).toBe(done.length)

      const opened = sqliteStore(store)
      const { unfinished, ended } = await opened.open(Number.POSITIVE_INFINITY)
      await opened.close()
      expect(unfinished).toEqual([])
      const keys = ended.map(({ record }) => JSON.parse(record).key)
      expect(ended.every(({ status }) => status === 'done')).toBe(true)
      expect(keys.length).toBe(KEYS)
      expect(new Set(keys).size).toBe(KEYS)
      // At least once: what ran when the process was killed ran again.
      expect(new Set(readFileSync(effects, 'utf8').trim().split('\n')).size).toBe(KEYS)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
