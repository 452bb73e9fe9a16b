import { core, hasNoThreads } from './core.js'

export default {
  async fetch(request) {
    try {
      await hasNoThreads()
      return new Response(await core(new URL(request.url).searchParams.has('contexts')))
    } catch (error) {
      return new Response(`Error: ${error.stack}`)
    }
  },
}
