# The tables of `dnabert-s bin` in R, without any package: read them, summarise them, draw them.
#
#   dnabert-s bin examples/contigs.fa.gz -o bins_out
#   Rscript examples/notebooks/bins.R bins_out bins.pdf

arguments <- commandArgs(trailingOnly = TRUE)
if (length(arguments) != 2) stop("usage: Rscript bins.R BINS_FOLDER OUTPUT.pdf")

read_table <- function(name, header) {
  read.delim(file.path(arguments[1], name), header = header, quote = "", comment.char = "", check.names = FALSE)
}
bins <- read_table("bins.tsv", header = TRUE)
contigs <- setNames(read_table("contig2bin.tsv", header = FALSE), c("contig", "bin"))

stopifnot(nrow(contigs) == sum(bins$n_contigs), setequal(contigs$bin, bins$bin))
print(bins, row.names = FALSE)
cat(sprintf("%d bins, %.1f Mbp in %d contigs\n", nrow(bins), sum(bins$total_bp) / 1e6, nrow(contigs)))

pdf(arguments[2], width = 7, height = 4)
barplot(
  bins$total_bp / 1e6, names.arg = bins$bin, las = 2, border = NA, col = "steelblue", ylab = "Mbp",
  main = "Size of each bin"
)
invisible(dev.off())
