import { TaskWorker } from '../../../src/worker/index.ts'
import { FUNCTIONS } from './mode.ts'
import { describeMode } from './suite.ts'

describeMode('sync', options => TaskWorker.start({ module: FUNCTIONS, ...options, mode: 'sync' }))
