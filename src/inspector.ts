/**
 * A live page about tasks, for a browser.
 *
 * @module taskscope/inspector
 */

export { type InspectOptions, type Inspector, inspect } from './inspector/inspect.ts'
export {
  type InspectorHandler,
  type InspectorHandlerOptions,
  type InspectorRequest,
  type InspectorResponse,
  inspectorHandler,
} from './inspector/inspector-handler.ts'
export type { InspectedLimit, InspectedWorker, InspectorTarget, InspectorTargets } from './inspector/targets.ts'
