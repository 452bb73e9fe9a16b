import { AsyncLocalStorage } from '../base/platform.ts'
import type { Task } from './task.ts'

/** The task whose body is running in this async context, if any. It may have ended: code can outlive its task. */
export const currentTask = new AsyncLocalStorage<Task>()
