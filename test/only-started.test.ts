import { expect, it } from 'vitest'
import { TaskManager, TaskRunner } from '../src/index.ts'
import { TaskWorker } from '../src/worker.ts'

it.each([TaskManager, TaskRunner, TaskWorker])('%o is not made by new, and the error says start', type => {
  const { name } = type
  const make = type as unknown as new (...options: unknown[]) => unknown
  for (const options of [[], [5], [{ maxTasks: 5 }]]) {
    expect(() => new make(...options)).toThrow(TypeError)
    expect(() => new make(...options)).toThrow(
      `a ${name} must be started: await ${name}.start(options), not new ${name}()`,
    )
  }
})
