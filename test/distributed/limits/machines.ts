import { type ChildProcess, fork } from 'node:child_process'
import { on, once } from 'node:events'
import { onTestFinished } from 'vitest'
import type { Orders, Taken } from './machine.ts'

/** Processes that follow the orders, each its own, all from the same moment on; they die with the test if not before. */
export async function machines(...orders: readonly Orders[]): Promise<readonly ChildProcess[]> {
  const children = orders.map(each => {
    const child = fork(new URL('machine.ts', import.meta.url), { execArgv: [] })
    onTestFinished(() => void child.kill('SIGKILL'))
    child.send(each)
    return child
  })
  await Promise.all(children.map(ready))
  for (const child of children) child.send('go')
  return children
}

async function ready(child: ChildProcess): Promise<void> {
  const ended = once(child, 'close').then(([code, signal]) => {
    throw new Error(`the machine ended with ${code ?? signal}`)
  })
  await Promise.race([once(child, 'message'), ended])
}

/** All that it said until it ended, which must be well. */
export async function reportOf(child: ChildProcess): Promise<readonly Taken[]> {
  const report: Taken[] = []
  child.on('message', taken => report.push(taken as Taken))
  const [code, signal] = await once(child, 'close')
  if (code !== 0) throw new Error(`the machine ended with ${code ?? signal}`)
  return report
}

/** What it says next, so many times. */
export async function nextOf(child: ChildProcess, count: number): Promise<readonly Taken[]> {
  const said: Taken[] = []
  for await (const [taken] of on(child, 'message')) {
    said.push(taken as Taken)
    if (said.length === count) break
  }
  return said
}
