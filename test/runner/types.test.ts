import type { Operation } from 'effection'
import { describe, expectTypeOf, it } from 'vitest'
import {
  BaseTask,
  type CloseReport,
  HashTask,
  type RunnerStats,
  SleepTask,
  type TaskEvent,
  type TaskHandle,
  type TaskManager,
  type TaskRecord,
  TaskRunner,
  type TaskStatusEvent,
} from '../../src/index.ts'

class Text extends BaseTask<string> {
  readonly type = 'text'
  run() {
    return 'text'
  }
}

class List extends BaseTask<number[]> {
  readonly type = 'list'
  run() {
    return [1, 2]
  }
}

class Later extends BaseTask<number[]> {
  readonly type = 'later'
  async run() {
    return [1, 2]
  }
}

class Steps extends BaseTask<number> {
  readonly type = 'steps';
  *run(): Operation<number> {
    return 1
  }
}

class Inferred extends BaseTask<number> {
  readonly type = 'inferred';
  *run() {
    return 1
  }
}

/** Never called: only its types are looked at. */
function submissions(runner: TaskRunner) {
  return {
    sleep: runner.submit(new SleepTask({ ms: 1 })),
    hash: runner.submit(new HashTask({ text: '' }), { priority: 1 }),
    text: runner.submit(new Text()),
    list: runner.submit(new List()),
    later: runner.submit(new Later()),
    some: runner.submit(new Text() as BaseTask<string | number>),
    shape: runner.submit({ type: 'shape', name: 'looks like it', run: () => 'ran' }),
    steps: runner.submit(new Steps()),
    inferred: runner.submit(new Inferred()),
    value: runner.submit(() => 5),
    string: runner.submit(() => 'plain'),
    array: runner.submit(() => [1]),
    promise: runner.submit(async () => new Map([[1, 'one']])),
    operation: runner.submit(function* () {
      return true
    }),
  }
}

describe('the types of submit', () => {
  it('are those of what the task gives', () => {
    expectTypeOf(submissions).returns.toEqualTypeOf<{
      sleep: TaskHandle<string>
      hash: TaskHandle<string>
      text: TaskHandle<string>
      list: TaskHandle<number[]>
      later: TaskHandle<number[]>
      some: TaskHandle<string | number>
      shape: TaskHandle<string>
      steps: TaskHandle<number>
      inferred: TaskHandle<number>
      value: TaskHandle<number>
      string: TaskHandle<string>
      array: TaskHandle<number[]>
      promise: TaskHandle<Map<number, string>>
      operation: TaskHandle<boolean>
    }>()
  })

  it('go through a function of any task', () => {
    const pass = <T>(runner: TaskRunner, task: BaseTask<T>): TaskHandle<T> => runner.submit(task)
    expectTypeOf(pass<string>).returns.toEqualTypeOf<TaskHandle<string>>()
  })

  it('refuse what is no task and no work', () => {
    const refused = (runner: TaskRunner) => {
      // @ts-expect-error a promise is already running
      runner.submit(Promise.resolve(1))
      // @ts-expect-error no type
      runner.submit({ run: () => 1 })
      // @ts-expect-error a class is not a task
      runner.submit(SleepTask)
      // @ts-expect-error the option is called workers
      TaskRunner.start({ maxTasks: 1 })
      // @ts-expect-error the option is called queueSize
      TaskRunner.start({ maxPending: 1 })
      // @ts-expect-error no such policy
      TaskRunner.start({ submitPolicy: 'drop' })
      // @ts-expect-error either a text or a file
      new HashTask({ text: '', file: '' })
      // @ts-expect-error neither
      new HashTask({})
      // @ts-expect-error no time
      new SleepTask({})
    }
    expectTypeOf(refused).toBeFunction()
  })
})

describe('the types of a runner', () => {
  it('are those of the contract', () => {
    expectTypeOf(TaskRunner.start).returns.toEqualTypeOf<Promise<TaskRunner>>()
    expectTypeOf<TaskRunner>().toExtend<AsyncDisposable>()
    expectTypeOf<TaskRunner['manager']>().toEqualTypeOf<TaskManager>()
    expectTypeOf<TaskRunner['getRecord']>().returns.toEqualTypeOf<TaskRecord | undefined>()
    expectTypeOf<TaskRunner['records']>().returns.toEqualTypeOf<TaskRecord[]>()
    expectTypeOf<TaskRunner['cancel']>().returns.toEqualTypeOf<Promise<boolean>>()
    expectTypeOf<TaskRunner['stats']>().returns.toEqualTypeOf<RunnerStats>()
    expectTypeOf<TaskRunner['close']>().returns.toEqualTypeOf<Promise<CloseReport>>()
    expectTypeOf<TaskRunner['shutdown']>().returns.toEqualTypeOf<Promise<CloseReport>>()
    expectTypeOf<TaskRunner['events']>().returns.toExtend<AsyncIterable<TaskEvent>>()
    expectTypeOf((runner: TaskRunner) => runner.wait<number>(1)).returns.toEqualTypeOf<Promise<number>>()
    expectTypeOf((runner: TaskRunner) => runner.wait(1)).returns.toEqualTypeOf<Promise<unknown>>()
  })

  it('tell an event by its name', () => {
    const listen = (runner: TaskRunner) => {
      runner.on('done', event => expectTypeOf(event).toEqualTypeOf<TaskStatusEvent>())
      runner.on('closed', ({ report }) => expectTypeOf(report).toEqualTypeOf<CloseReport>())
    }
    expectTypeOf(listen).toBeFunction()
  })
})
