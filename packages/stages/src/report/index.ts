export type { Report } from "./report.ts"
export { buildReport, type ReportSources, writeReport } from "./write-report.ts"
