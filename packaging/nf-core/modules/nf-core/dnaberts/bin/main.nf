process DNABERTS_BIN {
    tag "${meta.id}"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"
    container "${ workflow.containerEngine in ['singularity', 'apptainer'] && !task.ext.singularity_pull_docker_container ?
        'https://depot.galaxyproject.org/singularity/dnabert-s:0.2.0--pyhdfd78af_0' :
        'biocontainers/dnabert-s:0.2.0--pyhdfd78af_0' }"

    input:
    tuple val(meta), path(fasta), path(bams), path(depth)

    output:
    tuple val(meta), path("${prefix}/bins/*.fa.gz")           , emit: bins    , optional: true
    tuple val(meta), path("${prefix}/${prefix}.unbinned.fa.gz"), emit: unbinned
    tuple val(meta), path("${prefix}/contig2bin.tsv")         , emit: contig2bin
    tuple val(meta), path("${prefix}/bins.tsv")               , emit: table
    tuple val(meta), path("${prefix}/report.html")            , emit: report  , optional: true
    tuple val(meta), path("${prefix}/run.json")               , emit: run
    tuple val(meta), path("${prefix}/*_mqc.json")             , emit: multiqc
    tuple val("${task.process}"), val('dnabert-s'), eval("dnabert-s --version | sed 's/dnabert-s //'"), emit: versions_dnaberts, topic: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    def evidence = (bams ? [bams].flatten().collect { bam -> "--bam ${bam}" } : []) +
        (depth ? [depth].flatten().collect { table -> "--depth ${table}" } : [])
    """
    dnabert-s bin \
        ${fasta} \
        ${evidence.join(' ')} \
        --output ${prefix} \
        --prefix ${prefix} \
        --gzip \
        --unbinned \
        --mqc \
        --threads ${task.cpus} \
        ${args}
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    mkdir -p ${prefix}/bins
    echo "" | gzip > ${prefix}/bins/${prefix}.bin.1.fa.gz
    echo "" | gzip > ${prefix}/${prefix}.unbinned.fa.gz
    touch ${prefix}/contig2bin.tsv ${prefix}/bins.tsv ${prefix}/report.html ${prefix}/run.json
    touch ${prefix}/${prefix}.bins_mqc.json ${prefix}/${prefix}.bins_bases_mqc.json ${prefix}/${prefix}.bins_summary_mqc.json
    """
}
