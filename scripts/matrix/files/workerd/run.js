import { Miniflare } from 'miniflare'
import { expect } from './core.js'

for (const compatibilityFlags of [[], ['nodejs_als'], ['nodejs_compat']]) {
  const workerd = new Miniflare({
    modules: true,
    scriptPath: 'out/worker.js',
    compatibilityDate: '2026-07-01',
    compatibilityFlags,
  })
  try {
    const hasContexts = compatibilityFlags.includes('nodejs_compat')
    const response = await workerd.dispatchFetch(`http://localhost/${hasContexts ? '?contexts' : ''}`)
    expect(`workerd with ${compatibilityFlags}`, await response.text(), 'core works')
  } finally {
    await workerd.dispose()
  }
}
