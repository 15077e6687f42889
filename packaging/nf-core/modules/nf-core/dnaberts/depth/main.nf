process DNABERTS_DEPTH {
    tag "${meta.id}"
    label 'process_low'

    conda "${moduleDir}/environment.yml"
    container "${ workflow.containerEngine in ['singularity', 'apptainer'] && !task.ext.singularity_pull_docker_container ?
        'https://depot.galaxyproject.org/singularity/dnabert-s:0.2.0--pyhdfd78af_0' :
        'biocontainers/dnabert-s:0.2.0--pyhdfd78af_0' }"

    input:
    tuple val(meta), path(bams)

    output:
    tuple val(meta), path("${prefix}.tsv"), emit: depth
    tuple val("${task.process}"), val('dnabert-s'), eval("dnabert-s --version | sed 's/dnabert-s //'"), emit: versions_dnaberts, topic: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    dnabert-s depth \
        ${bams} \
        --output ${prefix}.tsv \
        --threads ${task.cpus} \
        ${args}
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    touch ${prefix}.tsv
    """
}
