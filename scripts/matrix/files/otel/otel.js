import { diag } from '@opentelemetry/api'
import { TaskManager } from 'taskscope'
import { instrument } from 'taskscope/otel'
import { expect } from './core.js'

async function tells() {
  const warnings = []
  const quiet = () => {}
  diag.setLogger({ error: quiet, warn: message => warnings.push(message), info: quiet, debug: quiet, verbose: quiet })
  const manager = await TaskManager.start()
  const telemetry = instrument({ targets: [manager] })
  expect('a task', await manager.spawn(async () => 1), 1)
  telemetry.dispose()
  expect('what is missing', warnings.filter(warning => warning.includes('no diagnostics channels')).length, 1)
  return 'core works'
}

tells().then(
  title => {
    document.title = title
  },
  error => {
    document.title = `Error: ${error.stack}`
  },
)
