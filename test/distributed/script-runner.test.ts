import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { gated, pid } from '../fixtures/bullmq/functions.ts'
import { until } from '../harness.ts'
import { RunningProgram } from '../running-program.ts'
import { describeOn } from '../servers/describe-each-server.ts'
import { ownQueue } from '../servers/queues.ts'
import { temporaryFolder } from '../servers/temporary-folder.ts'
import type { TestServer } from '../servers/test-server.ts'
import { runs, untilGone } from '../worker/host/processes.ts'
import { caller, FUNCTIONS, SCRIPT } from './command-line.ts'

const npm = (process.env.PATH ?? '')
  .split(delimiter)
  .map(folder => join(folder, 'npm'))
  .find(path => existsSync(path))
/** With what Node is told to run the script `serve`. */
const RUNNERS: readonly (readonly string[])[] = [
  ['--run', 'serve'],
  ...(npm === undefined ? [] : [[realpathSync(npm), 'run', 'serve']]),
]

/** The script, started as one of these do; whatever became of it ends with the test. */
async function serving(server: TestServer, queue: string, [runner = '', ...args]: readonly string[], script = '%s') {
  const folder = temporaryFolder()
  const command = `"${process.execPath}" "${SCRIPT}" serve "${FUNCTIONS}" -q ${queue} --redis ${server.url}`
  const serve = script.replace('%s', `${command} --close-timeout 600000`)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts: { serve } }))
  const program = new RunningProgram(runner, args, { cwd: folder })
  await program.until('stderr', 'serving')
  const process_ = await caller(server, queue, pid)()
  onTestFinished(() => {
    if (runs(process_)) process.kill(process_, 'SIGKILL')
  })
  return { program, folder, pid: process_ }
}

describe.skipIf(process.platform !== 'linux' || !process.features.typescript)('taskscope serve', () => {
  describeOn('redis', 'as a script', server => {
    describe.each(RUNNERS)('of %s %s', (...runner) => {
      // In the second one the shell stays between the two.
      it.each([
        ['SIGTERM', '%s'],
        ['SIGTERM', '%s; exit'],
        ['SIGKILL', '%s; exit'],
      ] as const)('stops in order when %s ends its runner: %s', async (signal, script) => {
        const queue = ownQueue(server)
        const { program, folder } = await serving(server, queue, runner, script)
        const [notes, gate] = [join(folder, 'notes'), join(folder, 'gate')]
        const call = caller(server, queue, gated<string>)(notes, gate, 'value')
        await until(() => existsSync(notes))
        program.kill(signal)
        await program.until('stderr', 'stopping: 1 running call may end first')
        writeFileSync(gate, '')
        expect(await call).toBe('value')
        await program.ended
        expect(program.stderr).toMatch(/^taskscope: stopped: 2 done, 0 failed, 0 given back$/m)
        expect(readFileSync(notes, 'utf8')).not.toContain('stopped')
      })
    })

    it('goes on where the script has left it in the background', async () => {
      const queue = ownQueue(server)
      const { program, pid: served } = await serving(server, queue, ['--run', 'serve'], 'setsid %s & exit')
      await untilGone(program.child.pid as number)
      const call = caller(server, queue, pid)
      // For longer than from one look at a runner to the next.
      for (const end = performance.now() + 1_200; performance.now() < end; ) expect(await call()).toBe(served)
      process.kill(served, 'SIGTERM')
      await program.ended
      expect(program.stderr).toMatch(/^taskscope: stopped: \d+ done/m)
    })
  })
})
