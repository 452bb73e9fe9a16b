import { core, hasNoThreads } from './core.js'

try {
  await hasNoThreads()
  document.title = await core(false)
} catch (error) {
  document.title = `Error: ${error.stack}`
}
