import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

/** Runs a fixture, unbuilt, to its end; one that hangs is killed, which its `signal` tells. */
function run(fixture: string, onFirstOutput: (terminate: () => void) => void = () => {}): Promise<Ended> {
  const path = fileURLToPath(new URL(`../fixtures/${fixture}.ts`, import.meta.url))
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path], {
      timeout: 50_000,
      killSignal: 'SIGKILL',
    })
    let out = ''
    let err = ''
    child.stdout.once('data', () => onFirstOutput(() => child.kill('SIGTERM')))
    child.stdout.on('data', chunk => {
      out += chunk
    })
    child.stderr.on('data', chunk => {
      err += chunk
    })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, out, err }))
  })
}

describe('invariant 14: a knot in a process that has nothing else to do', () => {
  it('is found before it ends', async () => {
    const out = 'DeadlockError: task 2 awaits task 1, which waits for it in turn\n'
    expect(await run('deadlock-at-the-end')).toEqual({ code: 0, signal: null, out, err: '' })
  })
})

describe('invariant 13: nothing keeps the process alive', () => {
  it('when a manager is idle, or waits for work that waits for nothing', async () => {
    expect(await run('idle-manager')).toEqual({ code: 0, signal: null, out: 'idle\n', err: '' })
  })

  it('after a timeout has passed, although a deadline would come much later', async () => {
    expect(await run('timeout')).toEqual({ code: 0, signal: null, out: 'ERR_TASK_TIMEOUT\n', err: '' })
  })

  it('after tasks that had every limit: no timer and no listener is left', async () => {
    const out = 'after the tasks: 0 timers, 1 listener\nafter the close: 0 timers, 0 listeners\n'
    expect(await run('leftovers')).toEqual({ code: 0, signal: null, out, err: '' })
  })

  it('after a close that was earlier than its timeout', async () => {
    expect(await run('close-early')).toEqual({ code: 0, signal: null, out: '1 done\n', err: '' })
  })
})

describe('invariant 9: close ends, and the process after it', () => {
  it('whatever the work does', async () => {
    const out = '2 abandoned, 1 never started\n'
    expect(await run('close-stubborn-work')).toEqual({ code: 0, signal: null, out, err: '' })
  })

  it('on SIGTERM, with the work in flight done', async () => {
    const ended = await run('graceful-shutdown', terminate => terminate())
    expect(ended).toEqual({
      code: 0,
      signal: null,
      out: 'ready\nwork in flight is done\n1 done, 1 cancelled\n',
      err: '',
    })
  })
})

describe('invariant 3: an unobserved failure does not crash the process', () => {
  it('and is logged once', async () => {
    const { code, out, err } = await run('unobserved-failure')
    expect({ code, out }).toEqual({ code: 0, out: 'still here after 2 failures\n' })
    expect(err.match(/Error: nobody looks at me/g)).toHaveLength(1)
    expect(err.match(/Error: nor at me/g)).toHaveLength(1)
    expect(err).toContain('task 1 "lonely" failed and nobody observed it')
  })
})
