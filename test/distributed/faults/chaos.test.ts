import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { type SharedLimit, shared } from '../../../src/bullmq.ts'
import { resourceLimit, type TaskHandle } from '../../../src/index.ts'
import type { TaskWorker } from '../../../src/worker.ts'
import { doubleUnlessTold } from '../../fixtures/bullmq/fault-functions.ts'
import { runs } from '../../fuzz/runs.ts'
import { until } from '../../harness.ts'
import { describeEachOwnServer, type OwnKind } from '../../servers/describe-each-server.ts'
import { Chaos } from './chaos.ts'
import { processorTimes } from './processor-time.ts'
import { random } from './random.ts'
import { Scene } from './scene.ts'

const STEPS = 6
/** Calls that are made in each step. */
const CALLS = 30
/** Two in each step. */
const TROUBLES = 2 * STEPS
const CAPACITY = 2
/** Milliseconds after the last trouble until each call has settled: what is lost is noticed by a look, after 15 s. */
const BOUND = 60_000

const { numRuns, seed: first = Date.now() % 100_000 } = runs(1)
const SEEDS = Array.from({ length: numRuns }, (_, index) => first + index)

function submitSome(caller: TaskWorker, { scene, next }: Chaos, number: number): TaskHandle<number>[] {
  return Array.from({ length: CALLS }, (_, index) => {
    const handle = caller.submit(doubleUnlessTold, scene.folder, number + index, Math.floor(next() * 200))
    if (next() < 0.15) void sleep(next() * 1_000).then(() => handle.cancel())
    return handle
  })
}

/** A limit whose server was there once, and is waited for from then on. */
async function limitAt(connection: string, name: string): Promise<SharedLimit> {
  const limit = shared(resourceLimit({ key: 'units', capacity: CAPACITY }), { connection, name })
  onTestFinished(() => limit.close())
  await using _permit = await limit.acquire()
  return limit
}

/** Takes and gives back a limit until it is told to end; gives how much of it was held at most. */
async function useLimit(limit: SharedLimit, signal: AbortSignal): Promise<number> {
  let [held, most] = [0, 0]
  const loops = Array.from({ length: CAPACITY + 2 }, async () => {
    while (!signal.aborted) {
      await using _permit = await limit.acquire()
      most = Math.max(most, ++held)
      await sleep(10)
      held -= 1
    }
  })
  await Promise.all(loops)
  return most
}

/** Each has settled, cancelled or with its result, and none runs any more or has run more often than there was a reason. */
async function expectOutcomes(chaos: Chaos, handles: readonly TaskHandle<number>[]): Promise<void> {
  const settled = await Promise.race([Promise.allSettled(handles), sleep(BOUND, [])])
  const unsettled = handles.flatMap((handle, number) => (handle.done() ? [] : [number]))
  expect(unsettled, chaos.happened.join('\n')).toEqual([])
  for (const [number, outcome] of settled.entries()) {
    if (handles[number]?.record().status === 'cancelled') continue
    expect(outcome, `call ${number} after\n${chaos.happened.join('\n')}`).toEqual({
      status: 'fulfilled',
      value: number * 2,
    })
  }
  await until(() => chaos.running().length === 0)
  const started = Map.groupBy(chaos.scene.notes('started'), ({ name }) => name)
  expect(Math.max(...[...started.values()].map(({ length }) => length))).toBeLessThanOrEqual(1 + TROUBLES)
}

/** Nothing goes round and round, and each trouble was said about once. */
async function expectQuiet({ scene, machines }: Chaos): Promise<void> {
  const times = await processorTimes([process.pid, ...machines.map(({ child }) => child.pid)])
  expect(Math.max(...times)).toBeLessThan(500)
  for (const said of [scene.log.join('\n'), ...machines.map(({ output }) => output.stderr)]) {
    expect(said.match(/^the queue/gm)?.length ?? 0, said).toBeLessThanOrEqual(TROUBLES)
  }
}

async function survive(start: OwnKind['start'], seed: number): Promise<void> {
  const { scene } = await Scene.onOwn(start)
  const chaos = await Chaos.start(scene, random(seed), TROUBLES)
  // A cancelled call waits for its worker to say that it has stopped, however long that can't be reached.
  const options = { connection: chaos.urlOf('caller'), maxWorkers: 1_000, cleanupTimeout: 2 * BOUND }
  const caller = await scene.caller(options)
  const limit = await limitAt(chaos.urlOf('limit'), scene.queue)
  const enough = new AbortController()
  const most = useLimit(limit, enough.signal)
  most.catch(() => {})
  const handles: TaskHandle<number>[] = []
  for (let step = 0; step < STEPS; step += 1) {
    handles.push(...submitSome(caller, chaos, handles.length))
    await Promise.all([chaos.trouble(), chaos.trouble()])
  }

  await expectOutcomes(chaos, handles)
  enough.abort()
  expect(await most).toBe(CAPACITY)
  await expectQuiet(chaos)
  expect(await caller.close()).toMatchObject({ failed: 0, abandoned: [] })
  for (const { child } of chaos.machines) child.kill('SIGTERM')
  for (const { ended } of chaos.machines) expect(await ended).toEqual({ exitCode: 0, signal: null })
}

describeEachOwnServer('calls whose connections and workers are in trouble', ({ start }) => {
  it.each(SEEDS)('settle, have stopped, and are right (TASKSCOPE_SEED=%s)', seed => survive(start, seed), 300_000)
})
