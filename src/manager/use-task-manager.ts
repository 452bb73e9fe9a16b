import { createContext, createScope, type Operation, resource, type Scope, until, useScope } from 'effection'
import { managerSettings } from '../scheduler/manager-settings.ts'
import type { OpenScope } from '../scheduler/scheduler.ts'
import { Supervisor } from '../scheduler/supervisor.ts'
import type { TaskManagerOptions } from '../scheduler/types.ts'
import { managerOn, type TaskManager } from './task-manager.ts'

/**
 * Effection raises the failure of a task to the boundary around its owner, which here would unwind the operation that
 * uses the manager, and halts the tasks of the owner's group one by one, however long it takes. There is no public way to
 * say otherwise below a running operation: the contexts are found by their names.
 */
const ErrorBoundary = createContext<{ raise(error: Error): void }>('@effection/error-boundary')
const TaskGroup = createContext<{ readonly tasks: Set<unknown> }>('@effection/task-group')

/**
 * A {@link TaskManager} as an effection resource: it lives and dies with the calling scope, and its operations see the
 * contexts of that scope. When the scope ends or is halted, all tasks are cancelled and their cleanup is waited for, as
 * in `close({ timeout: 0, pending: 'cancel' })`. To let the work finish first, `yield* until(manager.drain())`.
 *
 * ```ts
 * const manager = yield* useTaskManager({ maxTasks: 4 })
 * const answer = yield* manager.spawn(function* () { yield* sleep(10); return 42 })
 * ```
 */
export function useTaskManager(options?: number | TaskManagerOptions): Operation<TaskManager> {
  return resource(function* (provide) {
    const scope = yield* useScope()
    const manager = managerOn(new Supervisor(managerSettings(options), { openScope: () => supervised(scope) }))
    try {
      yield* provide(manager)
    } finally {
      yield* until(manager.close({ timeout: 0, pending: 'cancel' }))
    }
  })
}

/**
 * A scope that has the contexts of `parent` but is not torn down with it: a teardown can't be interrupted, so one that
 * hangs would hold the parent for ever. The manager ends it instead, and waits no longer than `cleanupTimeout`.
 */
function supervised(parent: Scope): ReturnType<OpenScope> {
  const unowned: Scope = Object.create(parent, { ensure: { value: () => () => {} } })
  const [scope, destroy] = createScope(unowned)
  scope.set(ErrorBoundary, { raise() {} })
  scope.set(TaskGroup, { tasks: new Set() })
  return [scope, destroy]
}
