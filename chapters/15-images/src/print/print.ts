// What images look like on a terminal: lists, templates, sizes, times, progress.
export { booleanFilter, parseFilters, parseUntil, type Filters } from './filters.ts'
export { formatRows, inspection, type List, type Row } from './format.ts'
export { layerLine, progressLines, type LayerProgress, type ProgressLines, type Screen } from './progress.ts'
export {
  HISTORY, HISTORY_TABLE, HISTORY_TABLE_FOR_PROGRAMS, historyRows, IMAGES, IMAGE_TABLE, IMAGE_TABLE_WITH_DIGESTS, imageRows,
  shortId,
  type HistoryStep, type ImageSummary,
} from './rows.ts'
export { historyList, imageList, inspectList, type HistoryFlags, type ImageListFlags, type ListFlags } from './lists.ts'
export { loadLines, pruneLines, pullReport, pushBegins, pushDone, removalLines } from './reports.ts'
export { writeArchive } from './output.ts'
export { agreed, asked, errorScreen, print } from './terminal.ts'
export { table } from './table.ts'
export { compile, render, type Template } from './template/evaluate.ts'
export { TemplateError } from './template/error.ts'
export { ago, ellipsis, humanDuration, humanSize, rfc3339 } from './units.ts'
