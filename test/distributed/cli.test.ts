import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeEach, describe, expect, it } from 'vitest'
import { gated, pid } from '../fixtures/bullmq/functions.ts'
import { until } from '../harness.ts'
import { describeEachServer } from '../servers/describe-each-server.ts'
import { ownQueue } from '../servers/queues.ts'
import { temporaryFolder } from '../servers/temporary-folder.ts'
import { failureOf } from '../work.ts'
import { runs, untilGone } from '../worker/host/processes.ts'
import { caller, command, FUNCTIONS, serving } from './command-line.ts'

const TASKS = `
  console.log('imported')
  export { readFileSync } from 'node:fs'
  export class Big {}
  export const square = x => x * x
  export const fail = () => { throw new Error('a failure of its own') }`

let folder: string
let notes: string
let gate: string

beforeEach(() => {
  folder = temporaryFolder()
  notes = join(folder, 'notes')
  gate = join(folder, 'gate')
})

function write(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** Those of the processes that calls have started in, in their order. */
function startedIn(): number[] {
  const lines = existsSync(notes) ? readFileSync(notes, 'utf8').matchAll(/^started (\d+)$/gm) : []
  return [...lines].map(([, process]) => Number(process))
}

const started = (times: number) => until(() => startedIn().length === times)

describe.skipIf(process.platform === 'win32' || !process.features.typescript)('taskscope serve', () => {
  describeEachServer('serves', server => {
    it.each(['SIGTERM', 'SIGINT'] as const)('the functions of a module until %s', async signal => {
      write('tasks.mjs', TASKS)
      const queue = ownQueue(server)
      const program = await serving(server, queue, ['./tasks.mjs', '--jobs', '8'], { cwd: folder })
      const square = caller(server, queue, (x: number) => x * x, { name: 'square' })
      const fail = caller(server, queue, () => {}, { name: 'fail' })
      expect(await square.map([1, 2, 3]).toArray()).toEqual([1, 4, 9])
      expect(await failureOf(fail())).toMatchObject({ message: 'a failure of its own' })
      program.kill(signal)
      expect(await program.ended).toBe(0)
      expect(program.stdout).toBe('imported\n')
      expect(program.stderr).toBe(
        'taskscope: functions: fail, square\n' +
          'taskscope: not served, as classes or functions of Node itself that are not passed to task(): Big, readFileSync\n' +
          `taskscope: serving 2 functions of tasks.mjs in the queue ${queue} on ${server.url}, 8 at a time; Ctrl-C stops\n` +
          'taskscope: stopped: 3 done, 1 failed, 0 given back\n',
      )
    })

    it.each(['async', 'thread', 'process'])('in the mode %s, a module by its URL', async mode => {
      const queue = ownQueue(server)
      const program = await serving(server, queue, [pathToFileURL(FUNCTIONS).href, '--mode', mode, '-j', '1'])
      const inside = await caller(server, queue, pid)()
      expect(inside === program.child.pid).toBe(mode !== 'process')
      program.kill('SIGTERM')
      expect(await program.ended).toBe(0)
      if (mode === 'process') expect(runs(inside)).toBe(false)
    })

    it('with the server that the environment names', async () => {
      const queue = ownQueue(server)
      const variable = server.kind === 'redis' ? 'REDIS_URL' : 'DATABASE_URL'
      const program = command(['serve', FUNCTIONS, '-q', queue], { env: { [variable]: server.url } })
      await program.until('stderr', 'serving')
      expect(await caller(server, queue, pid)()).toBe(program.child.pid)
    })

    it('though nobody reads what it says any more', async () => {
      const path = write('tasks.mjs', "export const say = () => { console.log('out'); console.error('err'); return 1 }")
      const queue = ownQueue(server)
      const program = await serving(server, queue, [path])
      program.child.stdout?.destroy()
      program.child.stderr?.destroy()
      const say = caller(server, queue, () => 0, { name: 'say' })
      expect(await say()).toBe(1)
      expect(await say()).toBe(1)
      program.kill('SIGTERM')
      expect(await program.ended).toBe(0)
    })
  })

  describeEachServer('told to stop', server => {
    it('lets a running call end, and takes no other', async () => {
      const queue = ownQueue(server)
      const program = await serving(server, queue, [FUNCTIONS, '--close-timeout', '600000'])
      const wait = caller(server, queue, gated<string>)
      const first = wait(notes, gate, 'first')
      await started(1)
      program.kill('SIGTERM')
      await program.until('stderr', 'stopping: 1 running call may end first')
      const second = wait(notes, gate, 'second')
      const other = await serving(server, queue, [FUNCTIONS])
      await started(2)
      writeFileSync(gate, '')
      expect(await Promise.all([first, second])).toEqual(['first', 'second'])
      expect(await program.ended).toBe(0)
      // Its wait for jobs takes a moment to be ended: what still comes then goes back at once.
      expect(program.stderr).toMatch(/^taskscope: stopped: 1 done, 0 failed, [01] given back$/m)
      expect(startedIn()).toEqual([program.child.pid, other.child.pid])
    })

    it('gives back what has not ended in time, to another worker', async () => {
      const queue = ownQueue(server)
      const program = await serving(server, queue, [FUNCTIONS, '--close-timeout', '1'])
      const call = caller(server, queue, gated<string>)(notes, gate, 'value')
      await started(1)
      const other = await serving(server, queue, [FUNCTIONS, '--jobs', '1'])
      program.kill('SIGINT')
      expect(await program.ended).toBe(0)
      expect(program.stderr).toMatch(/^taskscope: stopped: 0 done, 0 failed, 1 given back$/m)
      await started(2)
      writeFileSync(gate, '')
      expect(await call).toBe('value')
      expect(startedIn()).toEqual([program.child.pid, other.child.pid])
      expect(readFileSync(notes, 'utf8')).toMatch(/^stopped$/m)
    })

    it('ends though a call does not, and says so', async () => {
      const path = write(
        'tasks.mjs',
        "export const hold = () => { console.log('held'); setInterval(() => {}); return new Promise(() => {}) }",
      )
      const queue = ownQueue(server)
      const program = await serving(server, queue, [path, '--close-timeout', '0', '--cleanup-timeout', '1'])
      caller(server, queue, () => 0, { name: 'hold' })().catch(() => {})
      await program.until('stdout', 'held')
      program.kill('SIGTERM')
      expect(await program.ended).toBe(0)
      expect(program.stderr).toMatch(/^taskscope: stopped: 0 done, 0 failed, 1 given back; 1 call would not stop$/m)
    })

    it.each([
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const)('exits at once the second time, by %s, and its processes with it', async (signal, exitCode) => {
      const queue = ownQueue(server)
      const args = [FUNCTIONS, '--close-timeout', '600000', '--mode', 'process', '--jobs', '1']
      const program = await serving(server, queue, args)
      caller(server, queue, gated<string>)(notes, gate, '').catch(() => {})
      await started(1)
      program.kill('SIGTERM')
      await program.until('stderr', 'stopping')
      program.kill(signal)
      expect(await program.ended).toBe(exitCode)
      expect(program.stderr).not.toContain('stopped')
      await Promise.all(startedIn().map(untilGone))
    })
  })
})
