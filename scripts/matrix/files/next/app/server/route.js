import { task } from 'taskscope/worker'
import { core } from '../../core.js'

export const dynamic = 'force-dynamic'

export async function GET() {
  await core()
  const square = task(x => x * x, { mode: 'thread', maxWorkers: 1 })
  const squared = await square(3)
  await square.stop()
  return new Response(squared === 9 ? 'threads work' : `${squared}`)
}
