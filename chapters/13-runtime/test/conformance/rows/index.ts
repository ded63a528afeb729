// The table: every row, in the order of the spec.
import type { Row } from '../row.ts'
import { FEATURES } from './features.ts'
import { FILES } from './files.ts'
import { HOOKS } from './hooks.ts'
import { LIFECYCLE } from './lifecycle.ts'
import { LINUX } from './linux.ts'
import { NAMESPACES } from './namespaces.ts'
import { PROCESS } from './process.ts'

export const ROWS: readonly Row[] = [...LIFECYCLE, ...FILES, ...PROCESS, ...NAMESPACES, ...LINUX, ...HOOKS, ...FEATURES]
