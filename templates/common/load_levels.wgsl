{# Copies the codebook to workgroup memory; comes before any invocation leaves. #}
for (var level = {{ invocation }}; level < LEVELS; level += {{ invocations }}) {
    levels[level] = codebook[level];
}
workgroupBarrier();
