import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll } from 'vitest'
import type { TaskHandle } from '../../../src/index.ts'
import type { OrHandles, TaskWorker, TaskWorkerOptions, WorkerMode, WorkerOptions } from '../../../src/worker.ts'
import { withConfig } from '../../../src/worker.ts'
import { until } from '../../harness.ts'

/** Makes a worker in the mode that is tested, for functions of the fixture `mode-functions`. */
export type MakeWorker = (options?: Omit<TaskWorkerOptions, 'mode'>) => Promise<TaskWorker>

/** What a part of the suite has to work with. */
export interface Mode {
  readonly mode: WorkerMode
  /** Calls run on this event loop: nothing is copied, and nothing can be stopped that does not listen. */
  readonly inLoop: boolean
  /** Calls run on other machines: those are not ours to start and to count. */
  readonly remote: boolean
  /** What `task()` needs to be told to run the functions of the fixture in this mode. */
  readonly where: WorkerOptions
  /** One worker for the whole file, with two slots. */
  readonly worker: TaskWorker
  /** One worker for the whole file, with a single slot. */
  readonly single: TaskWorker
  /** A worker of its own, which ends with the test. */
  start(options?: Omit<TaskWorkerOptions, 'mode'>): Promise<TaskWorker>
  /** A file that is not there yet, for gates and notes; gone with the test. */
  file(): TestFile
}

/** A file of one test. */
interface TestFile {
  readonly path: string
  /** Lets the gates go that wait for it. */
  open(): void
  /** What calls have noted in it. */
  lines(): string[]
}

export const FUNCTIONS = new URL('../../fixtures/worker/mode-functions.ts', import.meta.url)

/** Sets up what the tests of one mode share: starting a process takes longer than most of them. */
export function prepareMode(mode: WorkerMode, make: MakeWorker, where: WorkerOptions = {}): Mode {
  const own = new Set<TaskWorker>()
  const shared: TaskWorker[] = []
  let folder = ''
  let files = 0

  beforeAll(async () => {
    shared.push(await make({ maxWorkers: 2 }), await make({ maxWorkers: 1 }))
  })
  afterEach(async () => {
    await Promise.all([...own].map(worker => worker.close({ timeout: 0 })))
    own.clear()
    if (folder !== '') rmSync(folder, { recursive: true })
    folder = ''
  })
  afterAll(async () => {
    await Promise.all(shared.map(worker => worker.close({ timeout: 0 })))
  })

  return {
    mode,
    inLoop: mode === 'sync' || mode === 'async',
    remote: mode === 'distributed',
    where: { module: FUNCTIONS, ...where, mode },
    get worker() {
      return shared[0] as TaskWorker
    },
    get single() {
      return shared[1] as TaskWorker
    },
    async start(options) {
      const worker = await make(options)
      own.add(worker)
      return worker
    },
    file() {
      if (folder === '') folder = mkdtempSync(join(tmpdir(), 'taskscope-modes-'))
      const path = join(folder, String(++files))
      return {
        path,
        open: () => writeFileSync(path, ''),
        lines: () => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []),
      }
    },
  }
}

/** Submits one call with options of its own. */
export function submitWith<A extends readonly unknown[], R>(
  worker: TaskWorker,
  options: WorkerOptions,
  fn: (...args: A) => R,
  ...args: OrHandles<A>
) {
  return withConfig(options, () => worker.submit(fn, ...args))
}

/** Waits until the function of a call surely runs: those of the fixture report progress first. */
export async function untilRunning(...handles: readonly TaskHandle<unknown>[]): Promise<void> {
  const running = () => handles.every(handle => handle.record().progress !== undefined)
  await until(running)
}
