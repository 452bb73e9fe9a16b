import { existsSync } from 'node:fs'
import fc from 'fast-check'
import { describe } from 'vitest'
import { settle } from '../../harness.ts'

const PEERS = new URL('../../../bench/node_modules/', import.meta.url)
const RUNS = 200

/** The real package, of the version whose face is compared: the benchmarks bring it. */
export function original<T>(file: string): Promise<T> {
  return import(/* @vite-ignore */ new URL(file, PEERS).href)
}

/** A suite that needs the packages: left out where they are not installed, unless they are required. */
export function describeOriginal(file: string, body: () => void): void {
  const required = process.env.TASKSCOPE_REQUIRE_PEERS !== undefined
  describe.skipIf(!required && !existsSync(new URL(file, PEERS)))(`like ${file.split('/')[0]}`, body)
}

/** One call of a program. What it is and whom it is for is up to the numbers. */
export interface Step<Name extends string> {
  readonly call: Name
  readonly n: number
  readonly m: number
  readonly ok: boolean
}

/** What happens in a step, one list for each kind of thing: how many microtasks lie between two kinds is nobody's promise. */
type Happened = Record<string, string[]>

/** What happens in a program, and the work in it that waits to be ended. */
export class Stage {
  readonly log: Happened[] = [{}]
  #open: { readonly id: string; readonly end: (ok: boolean) => void }[] = []

  /** Work that goes on until the program ends it. */
  work(id: string): Promise<string> {
    this.say('starts', id)
    return new Promise((resolve, reject) => {
      this.#open.push({ id, end: ok => (ok ? resolve(`result of ${id}`) : reject(new Error(`error of ${id}`))) })
    })
  }

  /** Ends one of those that run, if any does. */
  end(n: number, ok: boolean): void {
    if (this.#open.length === 0) return
    const [work] = this.#open.splice(n % this.#open.length, 1)
    work?.end(ok)
  }

  get running(): number {
    return this.#open.length
  }

  say(kind: string, ...values: readonly unknown[]): void {
    const now = this.log.at(-1) as Happened
    now[kind] = [...(now[kind] ?? []), values.map(told).join(' ')]
  }

  /** Says what becomes of a promise; its kind is the first word of its name. */
  watch(name: string, promise: PromiseLike<unknown>): void {
    const kind = `outcomes of ${name.split(' ', 1)[0]}`
    promise.then(
      value => this.say(kind, name, value),
      error => this.say(kind, name, error),
    )
  }

  /** Says what a call throws. */
  attempt(name: string, call: () => unknown): void {
    try {
      call()
    } catch (error) {
      this.say('throws', name, error)
    }
  }
}

function told(value: unknown): string {
  if (value instanceof Error || value instanceof DOMException) return `${value.name}: ${value.message}`
  return typeof value === 'string' ? value : String(JSON.stringify(value))
}

/** Plays a program and all that is left of its work, and gives what happened: with a turn of the event loop after each step. */
export async function play<Name extends string>(
  steps: readonly Step<Name>[],
  act: (step: Step<Name>, stage: Stage, index: number) => void,
  state: () => unknown,
  stage = new Stage(),
): Promise<readonly Happened[]> {
  const look = async () => {
    await settle()
    stage.say('then', state())
    stage.log.push({})
  }
  for (const [index, step] of steps.entries()) {
    stage.say('step', step.call, step.n, step.m)
    act(step, stage, index)
    await look()
  }
  for (let left = 0; stage.running > 0 && left < 200; left++) {
    stage.end(0, true)
    await look()
  }
  return stage.log
}

/** All steps as one, for what may take longer: what happens, and in which order. */
export function overall(log: readonly Happened[]): Happened {
  const all: Happened = {}
  for (const happened of log)
    for (const [kind, lines] of Object.entries(happened))
      if (kind !== 'step' && kind !== 'then') all[kind] = [...(all[kind] ?? []), ...lines]
  return all
}

/** Programs of such calls, each with a number below 4. */
export function programs<const Name extends string>(...calls: readonly Name[]): fc.Arbitrary<readonly Step<Name>[]> {
  const step = fc.record({
    call: fc.constantFrom(...calls),
    n: fc.nat({ max: 3 }),
    m: fc.nat({ max: 3 }),
    ok: fc.boolean(),
  })
  return fc.array(step, { minLength: 5, maxLength: 25 })
}

/** Whether both do the same in many random programs. */
export async function expectSame<Case>(cases: fc.Arbitrary<Case>, same: (one: Case) => Promise<void>): Promise<void> {
  await fc.assert(fc.asyncProperty(cases, same), { numRuns: RUNS, seed: 1 })
}
