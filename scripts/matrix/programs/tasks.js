/** Functions for workers. A bundle may have all of the program in this module, and a minifier may drop names. */
import { insideWorker, task } from 'taskscope/worker'

function add(first, second) {
  if (!insideWorker()) throw new Error('this is no worker')
  return first + second
}

function endless() {
  for (;;);
}

/** In one mode, `thread` or `process`. */
const inMode = mode => {
  const options = { mode, maxWorkers: 1, cleanupTimeout: 50, module: import.meta.url }
  return {
    add: task(add, { ...options, name: 'add' }),
    endless: task(endless, { ...options, name: 'endless' }),
    double: task(value => 2 * value, { mode, maxWorkers: 1 }),
  }
}

// At the top level, so that workers find them, too.
export const tasks = { thread: inMode('thread'), process: inMode('process') }
