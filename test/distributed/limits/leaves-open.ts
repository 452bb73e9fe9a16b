import { shared } from '../../../src/distributed/limits/shared.ts'
import { resourceLimit, TaskTimeoutError } from '../../../src/index.ts'

const [connection = '', prefix = '', state] = process.argv.slice(2)
const limit = shared(resourceLimit({ key: 'units', capacity: 1 }), { connection, prefix, name: `open-${state}` })
const permit = await limit.acquire()
if (state === 'idle') permit.release()
if (state === 'waited in vain') {
  await limit.acquire({}, { timeout: 100 }).catch(error => {
    if (!(error instanceof TaskTimeoutError)) throw error
  })
}
console.log('through')
