# Ce que des équipes ont fait sans réseau, et ce qu’il en est advenu.

field-action-merged = L’alerte a été fusionnée avec une autre : votre action a été reportée sur celle-ci.
field-action-split = Des signalements ont quitté cette alerte depuis : un responsable vérifiera s’ils sont concernés.
field-action-reassigned = L’intervention avait été confiée à une autre équipe ; ce que vous avez fait est conservé.
field-action-closed = L’alerte était déjà close ; ce que vous avez fait y est conservé comme constat de terrain.
field-action-already = C’était déjà fait ; votre saisie est conservée comme constat de terrain.
field-action-not_possible = L’état de l’alerte ne le permet plus : un responsable décidera.
field-action-changed_meanwhile = Une autre catégorie a été fixée entre-temps : un responsable choisira.
field-action-photo_missing = Une photo de cette action n’est jamais arrivée ; un responsable est prévenu.
field-action-reported_since = L’alerte a été signalée de nouveau après votre passage : un responsable vérifiera avant que les habitants soient prévenus.
field-action-outside_rights = Vous n’êtes pas, ou plus, dans l’équipe de cette intervention : un responsable décidera.
field-action-unknown_task = Cette intervention n’existe pas ici : un responsable décidera.
field-action-incomplete = Il manque quelque chose, ou une valeur n’est pas admise. Corrigez et renvoyez.
field-action-id_taken = Cet identifiant sert déjà à autre chose. Renvoyez l’action sous un autre identifiant.

field-batch_size = Entre 1 et 100 actions à la fois.
field-report_or_task = Indiquez soit report_id, soit task_id.
field-too_many_photos = Au plus 20 photos par action.
field-no_task = Une nouvelle alerte n’a pas d’intervention.
