import { insideWorker } from 'taskscope/worker'
import { core } from './core.js'
import { tasks } from './tasks.js'
import { workers } from './workers.js'

// In a bundle this is the module that workers load, too.
if (!insideWorker()) {
  console.log(await core())
  console.log(await workers(tasks))
}
