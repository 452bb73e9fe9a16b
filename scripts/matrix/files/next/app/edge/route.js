import { core, hasNoThreads } from '../../core.js'

export const runtime = 'edge'
export const dynamic = 'force-dynamic'

export async function GET() {
  await hasNoThreads()
  return new Response(await core())
}
