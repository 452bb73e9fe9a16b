import { createContext, createScope, type Operation, resource, until, useScope } from 'effection'
import { TaskManager } from './task-manager.ts'
import type { TaskManagerOptions } from './types.ts'

/**
 * Effection raises the failure of a task to the boundary around its owner, which here would unwind the operation that
 * uses the manager. There is no public way to say otherwise below a running operation: the context is found by its name.
 */
const ErrorBoundary = createContext<{ raise(error: Error): void }>('@effection/error-boundary')

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
    const manager = TaskManager.startIn(() => {
      const [inner, destroy] = createScope(scope)
      inner.set(ErrorBoundary, { raise() {} })
      return [inner, destroy]
    }, options)
    try {
      yield* provide(manager)
    } finally {
      yield* until(manager.close({ timeout: 0, pending: 'cancel' }))
    }
  })
}
