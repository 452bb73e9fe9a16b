import type { TaskEvent } from '../scheduler/types.ts'
import type { RunnerLogger } from './types.ts'

/** Writes events to a logger, each at its level; returns `undefined` if the logger wants none of them. */
export function eventLog(logger: RunnerLogger): ((event: TaskEvent) => void) | undefined {
  if (logger.warn === undefined && logger.info === undefined && logger.debug === undefined) return undefined
  return event => {
    switch (event.type) {
      case 'progress':
        return
      case 'retrying':
      case 'abandoned':
        return logger.warn?.(
          event,
          `${describe(event)} ${event.type === 'retrying' ? 'is tried again' : 'was abandoned'}`,
        )
      case 'closed':
        return logger.info?.(event, 'closed')
      case 'drained':
        return logger.debug?.(event, 'drained')
      default:
        return logger.debug?.(event, `${describe(event)} ${event.type}`)
    }
  }
}

function describe({ record: { id, name } }: Extract<TaskEvent, { record: unknown }>): string {
  return `task ${id} "${name}"`
}
