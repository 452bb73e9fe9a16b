import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { INCOMING, LIFELINE, PREFACE_BYTES, prefaceBytes } from '../../../src/worker/messages/preface.ts'
import { until } from '../../harness.ts'
import { childrenOf, endWithTest, runs, startFixture, untilGone } from './processes.ts'

const KINDS = ['thread', 'process'] as const

/** The number that a fixture printed after a word. */
async function printed(output: { readonly stdout: string }, word: string): Promise<number> {
  const pattern = new RegExp(`^${word} (\\d+)$`, 'm')
  await until(() => pattern.test(output.stdout))
  return Number(output.stdout.match(pattern)?.[1])
}

describe.each(KINDS)('a %s', kind => {
  it.each(['idle', 'neverCalled'])('lets this process exit when it is %s', async what => {
    const { output, ended } = startFixture('host-lifetime', [kind, what])
    expect(await ended).toEqual({ exitCode: 0, signal: null })
    expect(output).toEqual({ stdout: 'idle\n', stderr: '' })
  })

  it('keeps this process alive while it has a call', async () => {
    const { output, ended } = startFixture('host-lifetime', [kind, 'busy'])
    expect(await ended).toEqual({ exitCode: 0, signal: null })
    expect(output).toEqual({ stdout: 'finished\n', stderr: '' })
  })

  it('keeps this process alive until it has stopped', async () => {
    const { output, ended } = startFixture('host-lifetime', [kind, 'stops'])
    expect(await ended).toEqual({ exitCode: 0, signal: null })
    expect(output).toEqual({ stdout: 'stopped\n', stderr: '' })
  })

  it('does not get in the way of a program that fails', async () => {
    const { output, ended } = startFixture('host-lifetime', [kind, 'throws'])
    expect(await ended).toEqual({ exitCode: 1, signal: null })
    expect(output.stderr).toContain('the main program failed')
  })

  it.each(['print', 'printAndStop'])('loses nothing of what a call printed at the end (%s)', async what => {
    const { output, ended } = startFixture('host-lifetime', [kind, what])
    await ended
    expect(output).toEqual({ stdout: 'first\nsecond\nthird\nfourth\n', stderr: '' })
  })

  it('may flood stdout and stderr', async () => {
    const { output, ended } = startFixture('host-lifetime', [kind, 'flood'])
    expect(await ended).toEqual({ exitCode: 0, signal: null })
    expect(output.stdout.length).toBe(20_000 * 100 + 'flooded\n'.length)
    expect(output.stderr.length).toBe(20_000 * 100)
    expect(output.stdout).toContain('flooded\n')
  })

  it('settles its calls though nobody reads what they print', async () => {
    const { child, output, ended } = startFixture('host-lifetime', [kind, 'floodUnread'])
    child.stdout.pause()
    await until(() => output.stderr.includes('settled\n'))
    child.stdout.resume()
    await ended
    expect(output.stdout.length).toBe(20_000 * 100)
  })

  it('goes on when what its calls print can go nowhere', async () => {
    const { child, output, ended } = startFixture('host-lifetime', [kind, 'unreadable'])
    child.stdout.destroy()
    expect(await ended).toEqual({ exitCode: 0, signal: null })
    expect(output.stderr).toContain('settled\n')
    expect(output.stderr.length).toBe(20_000 * 100 + 'settled\n'.length)
  })

  it.each(['--inspect=0', '--expose-gc'])('starts under %s', async flag => {
    const { output, ended } = startFixture('host-lifetime', [kind, 'busy'], [flag])
    expect(await ended).toEqual({ exitCode: 0, signal: null })
    expect(output.stdout).toBe('finished\n')
    expect(output.stderr.match(/Debugger listening/g)?.length ?? 0).toBe(flag.startsWith('--inspect') ? 1 : 0)
  })
})

describe('a process whose parent is killed', () => {
  it.each(['hot', 'waiting', 'starting'])('ends when it is %s', async what => {
    const { child, output } = startFixture('host-lifetime', ['process', what])
    const worker = endWithTest(await printed(output, 'worker'))
    if (what !== 'starting') await printed(output, 'progress')
    expect(runs(worker)).toBe(true)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await untilGone(worker)
  })

  it('ends though it is frozen, and the process that sees to it ends too', async () => {
    const { child, output } = startFixture('host-lifetime', ['process', 'waiting'])
    const worker = endWithTest(await printed(output, 'worker'))
    await printed(output, 'progress')
    const others = childrenOf(child.pid as number).filter(pid => pid !== worker)
    expect(others).toHaveLength(process.platform === 'win32' ? 0 : 1)
    process.kill(worker, 'SIGSTOP')
    child.kill('SIGKILL')
    await once(child, 'exit')
    await Promise.all([worker, ...others].map(untilGone))
  })

  it.skipIf(process.platform === 'win32')(
    'ends in a hot loop though the process that sees to it was killed before',
    async () => {
      const { child, output } = startFixture('host-lifetime', ['process', 'hot'])
      const worker = endWithTest(await printed(output, 'worker'))
      await printed(output, 'progress')
      const others = () => childrenOf(child.pid as number).filter(pid => pid !== worker && runs(pid))
      const before = others()
      for (const pid of before) process.kill(pid, 'SIGKILL')
      // No turn of the loop: the next one must know of the worker from its first moment on.
      const start = performance.now()
      while (!others().some(pid => !before.includes(pid))) expect(performance.now() - start).toBeLessThan(50_000)
      child.kill('SIGKILL')
      await once(child, 'exit')
      await untilGone(worker)
    },
  )

  it('ends by itself where there is no shell that would see to it', async () => {
    const entry = fileURLToPath(new URL('../../../src/worker/child/process-entry.ts', import.meta.url))
    const worker = spawn(process.execPath, [entry], { detached: true, stdio: Array(6).fill('pipe') })
    endWithTest(worker.pid as number)
    const { [LIFELINE]: lifeline, [INCOMING]: incoming } = worker.stdio as unknown as Socket[]
    incoming?.write(prefaceBytes(Buffer.alloc(PREFACE_BYTES), true))
    lifeline?.destroy()
    expect(await once(worker, 'exit')).toEqual([null, 'SIGKILL'])
  })

  it('takes along what its function has started', async () => {
    const { child, output } = startFixture('host-lifetime', ['process', 'grandchild'])
    const worker = endWithTest(await printed(output, 'worker'))
    const grandchild = endWithTest(await printed(output, 'progress'))
    child.kill('SIGKILL')
    await once(child, 'exit')
    await Promise.all([untilGone(worker), untilGone(grandchild)])
  })
})
